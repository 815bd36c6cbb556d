build-asan/redact_pass.o: src/redact_pass.c src/redact_rules.h
src/redact_rules.h:
