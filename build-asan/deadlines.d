build-asan/deadlines.o: src/deadlines.c src/deadlines.h src/clock.h
src/deadlines.h:
src/clock.h:
