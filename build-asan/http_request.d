build-asan/http_request.o: src/http_request.c src/http_request.h \
 src/error.h src/message.h src/net_options.h
src/http_request.h:
src/error.h:
src/message.h:
src/net_options.h:
