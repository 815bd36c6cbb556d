build-asan/recent_ids.o: src/recent_ids.c src/recent_ids.h src/clock.h
src/recent_ids.h:
src/clock.h:
