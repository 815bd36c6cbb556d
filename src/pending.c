/* Placeholders so that the module links while its parts are being written. */
#include "lua_core.h"
#include "redact.h"

#define PENDING_OPEN(name)                                                                         \
    __attribute__((weak)) void name(lua_State *L)                                                  \
    {                                                                                              \
        (void)L;                                                                                   \
    }
#define PENDING_PUSH(name)                                                                         \
    __attribute__((weak)) int name(lua_State *L, const struct slk_message *message)                \
    {                                                                                              \
        (void)L;                                                                                   \
        (void)message;                                                                             \
        return 0;                                                                                  \
    }

PENDING_OPEN(slk_open_http_server)
PENDING_OPEN(slk_open_codecs)
PENDING_PUSH(slk_push_request)
PENDING_PUSH(slk_push_served)
__attribute__((weak)) size_t slk_redact(char *text, size_t length)
{
    (void)text;
    return length;
}
