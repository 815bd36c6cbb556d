build-asan/storage.o: src/storage.c src/storage.h src/error.h \
 src/mailbox.h src/message.h src/storage_job.h src/buffer.h src/text.h \
 src/clock.h src/thread.h
src/storage.h:
src/error.h:
src/mailbox.h:
src/message.h:
src/storage_job.h:
src/buffer.h:
src/text.h:
src/clock.h:
src/thread.h:
