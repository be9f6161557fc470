/* test/certs.c: keys and certificates made by OpenSSL, in a temporary folder. */
#include "test/certs.h"

#include "test/test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *certificate_new(EVP_PKEY *key, const char *name, long serial)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    return certificate;
}

static void write_certificate(const char *path, X509 *certificate)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    PEM_write_X509(file, certificate);
    fclose(file);
}

static void write_key(const char *path, EVP_PKEY *key)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
}

void certs_make(struct certs *certs, const char *names)
{
    snprintf(certs->folder, sizeof(certs->folder), "/tmp/karen-certs-XXXXXX");
    assert_non_null(mkdtemp(certs->folder));
    snprintf(certs->ca_file, sizeof(certs->ca_file), "%s/ca.pem", certs->folder);
    snprintf(certs->cert_file, sizeof(certs->cert_file), "%s/cert.pem", certs->folder);
    snprintf(certs->key_file, sizeof(certs->key_file), "%s/key.pem", certs->folder);

    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *ca = certificate_new(ca_key, "Karen test authority", 1);
    X509_set_issuer_name(ca, X509_get_subject_name(ca));
    add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(ca, ca_key, EVP_sha256());
    X509 *certificate = certificate_new(key, "karen.test", 2);
    X509_set_issuer_name(certificate, X509_get_subject_name(ca));
    add_extension(certificate, ca, NID_subject_alt_name, names);
    X509_sign(certificate, ca_key, EVP_sha256());

    write_certificate(certs->ca_file, ca);
    write_certificate(certs->cert_file, certificate);
    write_key(certs->key_file, key);
    X509_free(certificate);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
}

void certs_remove(struct certs *certs)
{
    unlink(certs->ca_file);
    unlink(certs->cert_file);
    unlink(certs->key_file);
    rmdir(certs->folder);
}
