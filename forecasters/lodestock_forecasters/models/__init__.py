"""Forecasting models, one module each, behind the protocol of `lodestock_forecasters.models.protocol`."""
