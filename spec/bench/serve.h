/* The end of the bare HTTP servers' main: serves on a port of the loopback until SIGTERM. */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

#include <libwebsockets.h>

/* What main returns. info: what is the program's own; the rest is filled in. */
int serve(struct lws_context_creation_info *info, int argc, char *argv[]);

#endif
