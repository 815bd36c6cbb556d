build-asan/log_limit.o: src/log_limit.c src/log_limit.h src/clock.h
src/log_limit.h:
src/clock.h:
