build-asan/http_client.o: src/http_client.c src/http_client.h src/error.h \
 src/http_request.h src/message.h src/net_options.h src/log.h \
 src/mailbox.h src/clock.h src/curl_loop.h src/http_transfer.h \
 src/buffer.h
src/http_client.h:
src/error.h:
src/http_request.h:
src/message.h:
src/net_options.h:
src/log.h:
src/mailbox.h:
src/clock.h:
src/curl_loop.h:
src/http_transfer.h:
src/buffer.h:
