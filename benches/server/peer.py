"""Sets Bugsink up in a folder, the way its manual does for one machine, and tells how far it has come.

    peer.py setup FOLDER PORT    makes configuration, databases, user and project; prints one line of JSON
    peer.py watch FOLDER         answers every line on standard input with counts, as one line of JSON
"""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

# What differs from the settings that its container has: where files lie, no quota in the way, no call to the outside.
CONFIGURATION = """
from pathlib import Path as _Path
_here = _Path(__file__).resolve().parent
DATABASES["default"]["NAME"] = str(_here / "db.sqlite3")
DATABASES["snappea"]["NAME"] = str(_here / "snappea.sqlite3")
BUGSINK["INGEST_STORE_BASE_DIR"] = str(_here / "ingestion")
SNAPPEA["WAKEUP_CALLS_DIR"] = str(_here / "wakeup")
BUGSINK["PHONEHOME"] = False
for _name in list(BUGSINK):
    if _name.startswith("MAX_EVENTS_PER_"):
        BUGSINK[_name] = 1_000_000_000
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
"""


def setup(folder: Path, port: str) -> dict:
    import bugsink

    folder.mkdir(parents=True, exist_ok=True)
    for name in ("ingestion", "wakeup"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    # The template reads its values from the environment.
    template = Path(bugsink.__file__).parent / "conf_templates" / "docker.py.template"
    given = f'import os\nos.environ["SECRET_KEY"] = "{"k" * 60}"\nos.environ["PORT"] = "{port}"\n'
    (folder / "bugsink_conf.py").write_text(given + template.read_text() + CONFIGURATION)
    manage = [sys.executable, "-m", "bugsink.scripts.manage"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "bugsink_conf"}
    for database in ("default", "snappea"):
        command = [*manage, "migrate", "--database", database]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)
    made = subprocess.run(
        [sys.executable, __file__, "project", str(folder)], cwd=folder, env=environment, capture_output=True, text=True
    )
    if made.returncode != 0:
        sys.exit(made.stdout + made.stderr)
    return json.loads(made.stdout.splitlines()[-1]) | {"package": str(Path(bugsink.__file__).parent)}


def project() -> dict:
    import django

    django.setup()
    from bsmain.models import AuthToken
    from projects.models import Project
    from teams.models import Team

    # As many as its forms allow: nothing is evicted.
    made = Project.objects.create(
        name="bench", team=Team.objects.create(name="bench"), retention_max_event_count=1_000_000
    )
    return {"project": made.id, "key": made.sentry_key.hex, "token": AuthToken.create_full_access().token}


def watch(folder: Path) -> None:
    def ask(name: str, query: str) -> int:
        file = sqlite3.connect(f"file:{folder / name}?mode=ro", uri=True, timeout=30)
        try:
            return file.execute(query).fetchone()[0]
        finally:
            file.close()

    for _ in sys.stdin:
        counts = {
            "events": ask("db.sqlite3", "SELECT count(*) FROM events_event"),
            "issues": ask("db.sqlite3", "SELECT count(*) FROM issues_issue"),
            "waiting": ask("snappea.sqlite3", "SELECT count(*) FROM snappea_task"),
        }
        print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    what, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    if what == "setup":
        print(json.dumps(setup(folder, sys.argv[3])))
    elif what == "project":
        print(json.dumps(project()))
    elif what == "watch":
        watch(folder)
    else:
        sys.exit(__doc__)
