/* Placeholders so that the module links while its parts are being written. */
#include "lua_core.h"
#include "redact.h"

#define PENDING_OPEN(name)                                                                         \
    __attribute__((weak)) void name(lua_State *L)                                                  \
    {                                                                                              \
        (void)L;                                                                                   \
    }
PENDING_OPEN(slk_open_codecs)
__attribute__((weak)) size_t slk_redact(char *text, size_t length)
{
    (void)text;
    return length;
}
