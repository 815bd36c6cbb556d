build-asan/redact_name.o: src/redact_name.c src/redact_rules.h
src/redact_rules.h:
