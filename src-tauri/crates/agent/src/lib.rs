//! What happens: the process that holds every secret.
