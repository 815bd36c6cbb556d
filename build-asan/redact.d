build-asan/redact.o: src/redact.c src/redact.h src/redact_rules.h
src/redact.h:
src/redact_rules.h:
