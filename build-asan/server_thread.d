build-asan/server_thread.o: src/server_thread.c src/server_thread.h \
 src/error.h src/log.h src/mailbox.h src/message.h src/thread.h
src/server_thread.h:
src/error.h:
src/log.h:
src/mailbox.h:
src/message.h:
src/thread.h:
