build-asan/sqlite_failure.o: src/sqlite_failure.c src/sqlite_failure.h \
 src/error.h
src/sqlite_failure.h:
src/error.h:
