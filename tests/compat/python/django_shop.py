"""A shop on Django, in one file."""

import django
import sentry_sdk
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.urls import path
from serving import serve

sentry_sdk.init(debug=True, traces_sample_rate=1.0, send_default_pii=True)
settings.configure(
    DEBUG=False,
    SECRET_KEY="nothing is signed here",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file::memory:"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)


class ChargeError(Exception):
    pass


def items(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 3 WHERE 1 = %s", [1])
        return JsonResponse({"items": cursor.fetchone()[0]})


def pay(request, cart):
    raise ChargeError(f"cart {cart} cannot be charged")


class Broken:
    def total(self):
        raise ChargeError("the cart has no total")


def receipt(request):
    template = engines["django"].from_string("Receipt\n{{ cart.total }}\n")
    return HttpResponse(template.render({"cart": Broken()}, request))


urlpatterns = [path("items", items), path("carts/<int:cart>/pay", pay), path("receipt", receipt)]

if __name__ == "__main__":
    django.setup()
    serve(get_wsgi_application())
