#include "serve.h"

#include <signal.h>
#include <stdlib.h>

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

int serve(struct lws_context_creation_info *info, int argc, char *argv[])
{
    info->port = argc > 1 ? atoi(argv[1]) : 0;
    info->iface = "127.0.0.1";
    info->fd_limit_per_thread = 4096;
    signal(SIGTERM, stop);
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(info);
    if (context == NULL) {
        return 1;
    }
    while (!stopped && lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
    return 0;
}
