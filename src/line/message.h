/* line/message.h: what the model means a message to say when it calls take_message. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "store/messages.h"

/* The arguments, read into the arena; whatever else is in *message_out stays. Also understands the
 * fewer that the core itself gives when there is no model. EINVAL: not a JSON object. */
int message_read(struct str arguments, struct arena *arena, struct message *message_out);
