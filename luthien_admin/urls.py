"""Addresses: the admin is the whole site."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from instances.admin.checkup import checkup_view

urlpatterns = [
    path("admin/check-up/", admin.site.admin_view(checkup_view), name="check_up"),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
