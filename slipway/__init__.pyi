from slipway.cli.explaining import explain as explain
from slipway.cli.planning import plan as plan
from slipway.foresight.explain import Explanation as Explanation
from slipway.foresight.forecast import Forecast as Forecast
from slipway.foresight.plan import Plan as Plan
from slipway.foresight.python_api import simulate as simulate
from slipway.foresight.rollout import Rollout as Rollout
from slipway.foresight.rollout import RolloutError as RolloutError
