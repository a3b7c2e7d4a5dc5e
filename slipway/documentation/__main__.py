"""`python -m slipway.documentation`: write the generated parts of the documentation anew."""

from pathlib import Path

from slipway.documentation.generated import pages

if __name__ == "__main__":
    for path, text in pages(Path()).items():
        path.write_text(text, "utf-8")
