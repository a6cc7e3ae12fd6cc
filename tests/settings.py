"""The app's own settings, told what a test environment is like."""

import os
import sys
from pathlib import Path

os.environ.update(
    ENV_FILE=os.devnull,
    DEBUG="false",
    SECRET_KEY="only-for-tests-and-nothing-else-0123456789abcdef",
    ENCRYPTION_KEYS="dGVzdHMtb25seS1rZXktMDEyMzQ1Njc4OWFiY2RlZiE=",
    RAILWAY_API_TOKEN="account-token-of-the-tests",
    RAILWAY_WORKSPACE_ID="",
    RAILWAY_API_URL="http://localhost:9/graphql/v2",
    RAILWAY_CLI=str(Path(sys.executable).with_name("railway-stand-in")),
    RAILWAY_CLI_ENV="RAILWAY_BACKBOARD_URL,RAILWAY_TIME_SCALE",
    RAILWAY_TIME_SCALE="0.05",
    GATEWAY_SCHEME="http",
    QUEUE_WORKERS="2",
    LOG_LEVEL="WARNING",
    HTTPS_ONLY="false",
    # Playwright keeps an event loop running in the thread of the tests.
    DJANGO_ALLOW_ASYNC_UNSAFE="1",
)
for name in ("RAILWAY_TOKEN", "RAILWAY_TEAM_ID", "RAILWAY_PROJECT_ID", "RAILWAY_CLI_AUTH"):
    os.environ.pop(name, None)

from luthien_admin.settings import *  # noqa: E402, F403
from luthien_admin.settings import BASE_DIR, DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, so that workers in processes of their own see it too; another for each run.
    (BASE_DIR / "var").mkdir(exist_ok=True)
    run = os.environ.setdefault("TEST_RUN", str(os.getpid()))
    DATABASES["default"]["TEST"] = {"NAME": str(BASE_DIR / "var" / f"test-{run}.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
