"""Runs the MLflow server as one process on a Unix socket, for as long as standard input stays open.

Started by Garita, which holds the other end of standard input: however Garita ends, the pipe closes and this process
ends with it. Usage: launch.py FOLDER; the socket, the database and the artifacts are in FOLDER.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

GRACE_SECONDS = 3
OTHERS_SETTINGS = ("MLFLOW_", "_MLFLOW_", "AWS_", "OTEL_", "DATABRICKS_")


def configure(folder):
    """The server's whole configuration. What the user set for their own MLflow clients is not for the server."""
    for name in [name for name in os.environ if name.startswith(OTHERS_SETTINGS)]:
        del os.environ[name]
    database = f"sqlite:///{folder / 'mlflow.db'}"
    os.environ.update(
        {
            "_MLFLOW_SERVER_FILE_STORE": database,
            "_MLFLOW_SERVER_REGISTRY_STORE": database,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
    )
    return database


def open_database(folder, database):
    """Makes the database, or brings that of an older MLflow up to date, with a copy of it kept."""
    from mlflow.exceptions import MlflowException
    from mlflow.server.handlers import initialize_backend_stores

    try:
        initialize_backend_stores(database, database, "mlflow-artifacts:/")
    except MlflowException as error:
        if "out-of-date database schema" not in str(error):
            raise
        shutil.copy2(folder / "mlflow.db", folder / "mlflow.db.before-upgrade")
        upgrade = [sys.executable, "-I", "-m", "mlflow", "db", "upgrade", database]
        subprocess.run(upgrade, stdin=subprocess.DEVNULL, check=True)
        initialize_backend_stores(database, database, "mlflow-artifacts:/")


def listen(path):
    """A socket that only this user can open."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(512)
    return listener


def end_with_parent(running):
    """Waits for standard input to close, then asks the server to stop, and insists."""
    while os.read(0, 4096):
        pass
    for server in running:
        server.should_exit = True
        time.sleep(GRACE_SECONDS)
    os._exit(0)


def main():
    os.umask(0o077)
    folder = pathlib.Path(sys.argv[1])
    os.chdir(folder)
    database = configure(folder)
    running = []
    threading.Thread(target=end_with_parent, args=[running], daemon=True).start()

    import uvicorn

    # The database is there, and of this MLflow's schema, before anyone is let in.
    open_database(folder, database)
    config = uvicorn.Config(
        "mlflow.server.fastapi_app:app",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
    config.load()
    server = uvicorn.Server(config)
    running.append(server)
    server.run(sockets=[listen(folder / "mlflow.sock")])
    # The last reply is out and everything is in the database: threads that libraries left waiting need not end.
    os._exit(0)


if __name__ == "__main__":
    main()
