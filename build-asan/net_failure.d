build-asan/net_failure.o: src/net_failure.c src/net_failure.h src/error.h \
 src/net_options.h
src/net_failure.h:
src/error.h:
src/net_options.h:
