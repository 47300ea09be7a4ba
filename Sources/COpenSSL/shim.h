#pragma once
// What Secrets needs of OpenSSL's libcrypto. Its calls take contexts and parameter lists that are clumsy in Swift.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/// Bytes of AES-GCM's nonce and of its tag, as NIST SP 800-38D recommends.
enum { qwd_nonce_length = 12, qwd_tag_length = 16 };

/// HKDF with SHA-256 and no salt (RFC 5869). Returns 1, or 0 for a failure.
static inline int qwd_hkdf_sha256(const unsigned char *key, size_t key_count, const char *info, size_t info_count,
                                  unsigned char *out, size_t out_count) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_count),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_count),
        OSSL_PARAM_construct_end(),
    };
    int done = context && EVP_KDF_derive(context, out, out_count, parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return done;
}

/// AES-256-GCM. `out` gets as many bytes as `text` has, and `tag` its 16. Returns 1, or 0 for a failure.
static inline int qwd_aes_256_gcm_seal(const unsigned char *key, const unsigned char *nonce, const unsigned char *beside,
                                       int beside_count, const unsigned char *text, int count, unsigned char *out,
                                       unsigned char *tag) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0;
    int done = context && EVP_EncryptInit_ex2(context, EVP_aes_256_gcm(), key, nonce, NULL) == 1
        && (beside_count == 0 || EVP_EncryptUpdate(context, NULL, &length, beside, beside_count) == 1)
        && (count == 0 || EVP_EncryptUpdate(context, out, &length, text, count) == 1)
        && EVP_EncryptFinal_ex(context, out + count, &length) == 1
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, qwd_tag_length, tag) == 1;
    EVP_CIPHER_CTX_free(context);
    return done;
}

/// The other way. Returns 0 also for a text, tag or `beside` that was changed: `out` is worth nothing then.
static inline int qwd_aes_256_gcm_open(const unsigned char *key, const unsigned char *nonce, const unsigned char *beside,
                                       int beside_count, const unsigned char *sealed, int count,
                                       const unsigned char *tag, unsigned char *out) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0;
    int done = context && EVP_DecryptInit_ex2(context, EVP_aes_256_gcm(), key, nonce, NULL) == 1
        && (beside_count == 0 || EVP_DecryptUpdate(context, NULL, &length, beside, beside_count) == 1)
        && (count == 0 || EVP_DecryptUpdate(context, out, &length, sealed, count) == 1)
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, qwd_tag_length, (void *)tag) == 1
        && EVP_DecryptFinal_ex(context, out + count, &length) == 1;
    EVP_CIPHER_CTX_free(context);
    return done;
}
