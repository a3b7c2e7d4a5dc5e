"""Images for the docker tests, made from what is on this machine: nothing is pulled from a registry.

`busybox_image` holds Debian's static busybox, `python_image` the Python that runs the tests with its standard library.
Both are cached under a tag that tells their content, and stay on the machine for the next run.
"""

import hashlib
import io
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

APPLETS = (
    "cat",
    "dd",
    "echo",
    "env",
    "false",
    "head",
    "httpd",
    "id",
    "nc",
    "printf",
    "pwd",
    "sh",
    "sleep",
    "true",
    "wget",
)
#: Parts of the standard library that a service never imports.
NOT_NEEDED = {
    "ensurepip",
    "idlelib",
    "lib2to3",
    "site-packages",
    "dist-packages",
    "test",
    "tests",
    "tkinter",
    "turtledemo",
}


def busybox_image(files: Mapping[str, Path] | None = None) -> str:
    """The reference of an image with busybox and its applets in /bin, and `files` (path in the image to path here).

    Needs Debian's package busybox-static.
    """
    busybox = shutil.which("busybox")
    assert busybox, "busybox is not on this machine: apt-get install busybox-static"
    more = files or {}
    reference = f"slipway-test-busybox:{_fingerprint({'busybox': Path(busybox), **more}, *APPLETS)}"
    if not _is_made(reference):
        _import(reference, {**_busybox_files(Path(busybox)), **more}, changes=("ENV PATH=/bin",))
    return reference


def tag(image: str, name: str) -> None:
    """Have `name` mean `image` from now on."""
    subprocess.run(["docker", "tag", image, name], check=True, capture_output=True)


def untag(*names: str) -> None:
    """Have these names mean nothing; an image that has no other is gone."""
    subprocess.run(["docker", "rmi", *names], check=False, capture_output=True)


def python_image(files: Mapping[str, Path]) -> str:
    """The reference of an image with /usr/local/bin/python3, busybox, and `files` (path in the image to path here)."""
    reference = f"slipway-test-python:{_fingerprint(files, sys.version, sys.base_prefix)}"
    if not _is_made(reference):
        busybox = shutil.which("busybox")
        assert busybox, "busybox is not on this machine: apt-get install busybox-static"
        content = {**_busybox_files(Path(busybox)), **_python_files(), **files}
        _import(reference, content, changes=("ENV PATH=/usr/local/bin:/bin", "ENV PYTHONUNBUFFERED=1"))
    return reference


def _busybox_files(busybox: Path) -> dict[str, Path | PurePosixPath]:
    return {"/bin/busybox": busybox, **{f"/bin/{applet}": PurePosixPath("busybox") for applet in APPLETS}}


def _python_files() -> dict[str, Path | PurePosixPath]:
    """The interpreter and its library moved to /usr/local, and the shared libraries where the loader looks for them."""
    program, library = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    sources = [path for path in library.rglob("*") if path.is_file() and _is_needed(path.relative_to(library))]
    linked = _shared_libraries([program, *(path for path in sources if path.suffix == ".so")])
    return {
        f"/usr/local/bin/{program.name}": program,
        "/usr/local/bin/python3": PurePosixPath(program.name),
        **{f"/usr/local/lib/{library.name}/{path.relative_to(library)}": path for path in sources},
        **{str(path): path for path in linked},
    }


def _is_needed(path: Path) -> bool:
    return path.parts[0] not in NOT_NEEDED and not path.parts[0].startswith("config-")


def _shared_libraries(programs: list[Path]) -> set[Path]:
    listed = subprocess.run(["ldd", *map(str, programs)], check=True, capture_output=True, text=True).stdout
    words = (word for line in listed.splitlines() if not line.endswith(":") for word in line.split())
    return {Path(word) for word in words if word.startswith("/")}


def _fingerprint(files: Mapping[str, Path], *more: str) -> str:
    digest = hashlib.sha256("\0".join(more).encode())
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].read_bytes())
    return digest.hexdigest()[:12]


def _is_made(reference: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", reference], capture_output=True, check=False).returncode == 0


def _import(reference: str, files: Mapping[str, Path | PurePosixPath], *, changes: tuple[str, ...]) -> None:
    """Make an image of `files`: a real path is copied, a pure one is the target of a link."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", dereference=True) as tar:
        for name in sorted(files):
            match files[name]:
                case Path() as source:
                    tar.add(source, arcname=name.lstrip("/"), recursive=False)
                case target:
                    link = tarfile.TarInfo(name.lstrip("/"))
                    link.type, link.linkname = tarfile.SYMTYPE, str(target)
                    tar.addfile(link)
        scratch = tarfile.TarInfo("tmp")
        scratch.type, scratch.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(scratch)
    options = [word for change in changes for word in ("--change", change)]
    subprocess.run(
        ["docker", "import", *options, "-", reference], input=archive.getvalue(), check=True, capture_output=True
    )
