"""The ASGI application that a web server imports."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luthien_admin.settings")

application = get_asgi_application()
