"""The WSGI application that a web server imports."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luthien_admin.settings")

application = get_wsgi_application()
