build-asan/poller.o: src/poller.c src/poller.h src/error.h
src/poller.h:
src/error.h:
