build-asan/text_search.o: src/text_search.c src/text_search.h src/text.h
src/text_search.h:
src/text.h:
