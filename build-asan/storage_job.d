build-asan/storage_job.o: src/storage_job.c src/storage_job.h \
 src/buffer.h src/message.h src/text.h src/error.h
src/storage_job.h:
src/buffer.h:
src/message.h:
src/text.h:
src/error.h:
