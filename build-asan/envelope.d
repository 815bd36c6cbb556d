build-asan/envelope.o: src/envelope.c src/envelope.h src/text.h \
 src/error.h src/json_field.h src/json_text.h
src/envelope.h:
src/text.h:
src/error.h:
src/json_field.h:
src/json_text.h:
