build-asan/mailbox.o: src/mailbox.c src/mailbox.h src/message.h \
 src/wake.h
src/mailbox.h:
src/message.h:
src/wake.h:
