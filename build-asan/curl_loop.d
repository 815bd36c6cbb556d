build-asan/curl_loop.o: src/curl_loop.c src/curl_loop.h src/error.h \
 src/clock.h src/net_options.h src/thread.h
src/curl_loop.h:
src/error.h:
src/clock.h:
src/net_options.h:
src/thread.h:
