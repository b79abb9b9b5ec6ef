def add_health(request, context):
    return context
