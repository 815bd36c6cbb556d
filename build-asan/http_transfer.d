build-asan/http_transfer.o: src/http_transfer.c src/http_transfer.h \
 src/buffer.h src/curl_loop.h src/error.h src/http_client.h \
 src/http_request.h src/message.h src/net_options.h src/log.h \
 src/mailbox.h src/clock.h src/net_failure.h
src/http_transfer.h:
src/buffer.h:
src/curl_loop.h:
src/error.h:
src/http_client.h:
src/http_request.h:
src/message.h:
src/net_options.h:
src/log.h:
src/mailbox.h:
src/clock.h:
src/net_failure.h:
