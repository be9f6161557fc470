/* sandbox/openai.h: the stand-in for OpenAI: Chat Completions and the list of models. */
#pragma once
#include "sandbox/party.h"

extern const struct party_kind openai_kind;
