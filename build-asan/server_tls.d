build-asan/server_tls.o: src/server_tls.c src/server_tls.h src/error.h \
 src/log.h src/mailbox.h src/message.h src/log_limit.h src/clock.h
src/server_tls.h:
src/error.h:
src/log.h:
src/mailbox.h:
src/message.h:
src/log_limit.h:
src/clock.h:
