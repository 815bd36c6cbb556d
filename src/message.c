#include "message.h"

#include <stdlib.h>

void slk_message_free(struct slk_message *message)
{
    free(message);
}
