/* net/tls.h: the process's TLS settings, made once and shared. For net/ only. */
#pragma once
#include <openssl/ssl.h>

/* What a listener needs; EINVAL with a sentence in *why_out when a file cannot be used. */
int tls_server_context(const char *cert_file, const char *key_file, SSL_CTX **context_out,
                       const char **why_out);
/* What verifies the peers we connect to. Reading the system's roots takes 20 ms and 5 MB, so each
 * set of roots is read once a process and never freed. NULL: ca_file cannot be read. */
SSL_CTX *tls_client_context(const char *ca_file);
/* A client's connection on fd that accepts only a certificate for host, a name or an address. */
SSL *tls_client_new(SSL_CTX *context, int fd, const char *host);
/* Why the last step on ssl failed, for logs; valid until the next call. */
const char *tls_why(const SSL *ssl);
