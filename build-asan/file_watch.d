build-asan/file_watch.o: src/file_watch.c src/file_watch.h src/error.h
src/file_watch.h:
src/error.h:
