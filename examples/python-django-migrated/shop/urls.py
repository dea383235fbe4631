"""A login that asks for no password, and a page that divides by zero."""

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path


def enter(request, name):
    user, _ = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.com"})
    login(request, user)
    return HttpResponse(f"hello {name}")


def trigger_error(request):
    return HttpResponse(str(1 / 0))


urlpatterns = [path("login/<str:name>/", enter), path("sentry-debug/", trigger_error)]
