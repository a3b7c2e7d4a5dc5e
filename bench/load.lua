-- Sends one request, byte for byte as it is in the file named by the first argument, and prints what came of it.
function init(args)
  local file = assert(io.open(args[1], "rb"))
  content = file:read("*a")
  file:close()
end

function request()
  return content
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "refused": %d, "broken": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
