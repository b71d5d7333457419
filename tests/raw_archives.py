"""A synthetic mirror of raw archives, and a server of this machine that breaks off."""

import gzip
import hashlib
import io
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd

from jingjinji.topics.november import archives


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def station_csv(station: str, level: float) -> bytes:
    hours = pd.date_range("2013-03-01", "2014-01-31 23:00", freq="h")
    frame = pd.DataFrame(
        {"year": hours.year, "month": hours.month, "day": hours.day, "hour": hours.hour, "PM2.5": level + hours.month}
    )
    weather = {"TEMP": 10.0, "PRES": 1010.0, "DEWP": 1.0, "RAIN": 0.0, "wd": "NW", "WSPM": 2.0}
    return frame.assign(station=station, **weather).to_csv(index=False).encode()


def airport_csv() -> bytes:
    """A year of north-west wind of 2 m/s, summed up as the archive does, that turns calm every sixth hour."""
    hours = pd.date_range("2012-12-31", "2014-01-02", freq="h")
    calm = np.arange(len(hours)) % 6 == 5
    summed, total = [], 0
    for is_calm in calm:
        total = 0 if is_calm else total + 2
        summed.append(0.5 if is_calm else total)
    frame = pd.DataFrame(
        {
            "year": hours.year, "month": hours.month, "day": hours.day, "hour": hours.hour, "DEWP": hours.month,
            "TEMP": hours.month + 1.0, "PRES": 1000 + hours.month, "cbwd": np.where(calm, "cv", "NW"), "Iws": summed,
            "pm2.5": 50.0, "Is": 0, "Ir": 0,
        }
    )  # fmt: skip
    return frame.to_csv(index=False).encode()


STATION_FILES = {"A.csv": station_csv("Dongsi", 50), "B.csv": station_csv("Huairou", 70)}


AIRPORT_FILES = {"airport.csv": airport_csv()}


def archive(id: str, files: dict[str, bytes], url: str = "http://127.0.0.1:1/none.zip") -> archives.Archive:
    return archives.Archive(id, f"archive {id}", url, {name: sha256(content) for name, content in files.items()})


def write_mirror(folder: Path) -> Path:
    for id, files in (("501", STATION_FILES), ("381", AIRPORT_FILES)):
        (folder / id).mkdir(parents=True)
        for name, content in files.items():
            (folder / id / f"{name}.gz").write_bytes(gzip.compress(content))
    return folder


class Server:
    """Serves one file with Range; `breaks` says after how many bytes each answer stops, the last one never."""

    def __init__(self, content: bytes, breaks: list[int], ranges: bool = True, status: int = 200):
        self.content, self.breaks, self.ranges, self.status = content, breaks, ranges, status
        self.asked: list[str | None] = []
        self.url = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.asked.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges else 0
        if self.status != 200:
            request.send_error(self.status)
            return
        if start >= len(self.content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.content)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        body = self.content[start:]
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        limit = self.breaks.pop(0) if self.breaks else len(body)
        request.wfile.write(body[:limit])
        request.close_connection = True


@contextmanager
def serving(content: bytes, breaks: list[int] | None = None, **options):
    server = Server(content, breaks or [], **options)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            server.answer(self)

        def log_message(self, *args):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}/archive.zip"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def leftovers(target: Path) -> list[str]:
    return sorted(file.name for file in target.rglob("*") if file.is_file() and file.name != "fetch.lock")
