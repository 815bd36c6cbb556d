build-asan/backoff.o: src/backoff.c src/backoff.h src/clock.h
src/backoff.h:
src/clock.h:
