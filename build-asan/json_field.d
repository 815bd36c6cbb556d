build-asan/json_field.o: src/json_field.c src/json_field.h src/envelope.h \
 src/text.h
src/json_field.h:
src/envelope.h:
src/text.h:
