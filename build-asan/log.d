build-asan/log.o: src/log.c src/log.h src/mailbox.h src/message.h \
 src/redact.h
src/log.h:
src/mailbox.h:
src/message.h:
src/redact.h:
