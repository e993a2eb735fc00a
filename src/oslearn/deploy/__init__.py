"""How each service is put together: one module a service, which `oslearn.cloud` starts in order."""
