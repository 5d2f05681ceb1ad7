"""The product's addresses and a bare view beside them; ``benchmarks.webhook_view`` serves them."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from engage_stripe.urls import urlpatterns as product


@csrf_exempt
def insert_body(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bare (data) VALUES (%s::jsonb)", [request.body.decode()])
    return HttpResponse()


urlpatterns = [*product, path("bare/", insert_body)]
